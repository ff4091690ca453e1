"""A topic's and a group's life through the AdminClient; prints what it finds as JSON lines. Argument: the client's settings."""

import json
import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

settings = json.loads(sys.argv[1])
admin = AdminClient(settings)
topic, group = "snake", "snake-group"
last = TopicPartition(topic, 3)


def say(name, value):
    print(json.dumps({name: value}))


def only(futures):
    (future,) = futures.values()
    return future.result(20)


def error_of(futures):
    try:
        return only(futures)
    except KafkaException as error:
        return error.args[0].name()


def until_gone():
    deadline = time.monotonic() + 10
    while topic in admin.list_topics(timeout=10).topics and time.monotonic() < deadline:
        time.sleep(0.05)


def topic_metadata(name):
    return admin.list_topics(timeout=10).topics[name]


new = NewTopic(topic, num_partitions=2, replication_factor=1)
only(admin.create_topics([new]))
say("created", [name for name in admin.list_topics(timeout=10).topics if name == topic])
say("created again", error_of(admin.create_topics([new])))
only(admin.create_partitions([NewPartitions(topic, 4)]))
say("partitions", len(topic_metadata(topic).partitions))

entry = ConfigEntry("retention.ms", "5000000", incremental_operation=AlterConfigOpType.SET)
resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
only(admin.incremental_alter_configs([resource]))
say("retention.ms", only(admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]))["retention.ms"].value)

producer = Producer(settings)
producer.produce(topic, "value", partition=3)
producer.flush()
say("end of 3", only(admin.list_offsets({last: OffsetSpec.latest()})).offset)

consumer = Consumer({**settings, "group.id": group, "enable.auto.commit": False})
consumer.commit(offsets=[TopicPartition(topic, 3, 1)], asynchronous=False)
consumer.close()

only(admin.delete_records([TopicPartition(topic, 3, 1)]))
say("oldest of 3 after deleting", only(admin.list_offsets({last: OffsetSpec.earliest()})).offset)
say("brokers", len(admin.describe_cluster().result(20).nodes))
say("groups", [g.group_id for g in admin.list_consumer_groups().result(20).valid if g.group_id == group])
say("state", only(admin.describe_consumer_groups([group])).state.name)
offsets = only(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, [last])]))
say("committed on 3", offsets.topic_partitions[0].offset)
only(admin.delete_consumer_groups([group]))
say("groups after deleting", [g.group_id for g in admin.list_consumer_groups().result(20).valid if g.group_id == group])

only(admin.delete_topics([topic]))
until_gone()
say("described after deleting", error_of(admin.describe_topics(TopicCollection([topic]))))
