import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs many command-line tools of Apache Kafka in one JVM, also side by side, because starting a JVM costs more than most of the calls.
 *
 * <p>Standard input takes {@code run ID CLASS ARG...}, {@code in ID DATA}, {@code eof ID} and {@code stop ID} (what SIGTERM would do);
 * standard output gives {@code out ID DATA}, {@code err ID DATA} and {@code exit ID CODE}. ARG and DATA are base64.
 */
public final class ToolRunner {
  private static final InheritableThreadLocal<Call> CURRENT = new InheritableThreadLocal<>();
  private static final Map<String, Call> CALLS = new ConcurrentHashMap<>();
  private static final PrintStream REPORT = System.out;
  private static final PrintStream OWN_ERR = System.err;

  /** Thrown in place of ending the JVM; an Error, so that the tools' own handlers let it pass. */
  private static final class Exited extends Error {
    Exited() {
      super(null, null, false, false);
    }
  }

  private static final class Call {
    final String id;
    final PipedInputStream in = new PipedInputStream(1 << 20);
    final PipedOutputStream toIn;
    final ThreadGroup group;
    final AtomicBoolean stopped = new AtomicBoolean();
    volatile Integer code = null;

    Call(String id) throws IOException {
      this.id = id;
      this.group = new ThreadGroup("tool-" + id);
      this.toIn = new PipedOutputStream(in);
    }

    synchronized void exit(int code) {
      if (this.code == null) this.code = code;
    }
  }

  private static final class CallOutput extends OutputStream {
    final String kind;

    CallOutput(String kind) {
      this.kind = kind;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int start, int length) {
      Call call = CURRENT.get();
      if (call == null) OWN_ERR.write(bytes, start, length);
      else report(kind, call.id, encode(java.util.Arrays.copyOfRange(bytes, start, start + length)));
    }
  }

  private static final class CallInput extends InputStream {
    @Override
    public int read() throws IOException {
      return CURRENT.get().in.read();
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws IOException {
      return CURRENT.get().in.read(bytes, start, length);
    }
  }

  private static void report(String... words) {
    synchronized (REPORT) {
      REPORT.println(String.join(" ", words));
      REPORT.flush();
    }
  }

  private static String encode(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] decode(String text) {
    return Base64.getDecoder().decode(text);
  }

  private static void exit(int code) {
    Call call = CURRENT.get();
    if (call != null) call.exit(code);
    throw new Exited();
  }

  private static void run(Call call, String className, String[] args) {
    CURRENT.set(call);
    try {
      Class.forName(className).getMethod("main", String[].class).invoke(null, (Object) args);
    } catch (InvocationTargetException e) {
      failed(call, e.getCause());
    } catch (ReflectiveOperationException e) {
      failed(call, e);
    }
    // As at the end of a JVM: some tools close their producer in a hook, and only then print what came of it.
    stop(call);
    System.out.flush();
    System.err.flush();
    CALLS.remove(call.id);
    report("exit", call.id, String.valueOf(call.code == null ? 0 : call.code));
  }

  private static void failed(Call call, Throwable cause) {
    if (cause instanceof Exited) return;
    cause.printStackTrace();
    call.exit(1);
  }

  /** The shutdown hooks that the call registered: a hook is a thread, and belongs to the group of the thread that made it. */
  private static List<Thread> hooksOf(Call call) throws ReflectiveOperationException {
    Field field = Class.forName("java.lang.ApplicationShutdownHooks").getDeclaredField("hooks");
    field.setAccessible(true);
    List<Thread> hooks = new ArrayList<>();
    for (Object hook : ((Map<?, ?>) field.get(null)).keySet()) {
      if (((Thread) hook).getThreadGroup() == call.group) hooks.add((Thread) hook);
    }
    return hooks;
  }

  private static void stop(Call call) {
    if (call.stopped.getAndSet(true)) return;
    CURRENT.set(call);
    try {
      for (Thread hook : hooksOf(call)) hook.run();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM needs --add-opens java.base/java.lang=ALL-UNNAMED", e);
    }
  }

  private static void obey(String[] words) throws IOException {
    String id = words[1];
    if (words[0].equals("run")) {
      Call call = new Call(id);
      String[] args = new String[words.length - 3];
      for (int i = 0; i < args.length; i++) args[i] = new String(decode(words[i + 3]), "UTF-8");
      CALLS.put(id, call);
      new Thread(call.group, () -> run(call, words[2], args), "tool-" + id).start();
      return;
    }
    Call call = CALLS.get(id);
    if (call == null) return;
    switch (words[0]) {
      case "in" -> {
        call.toIn.write(decode(words[2]));
        call.toIn.flush();
      }
      case "eof" -> call.toIn.close();
      case "stop" -> new Thread(() -> stop(call), "stop-" + id).start();
      default -> throw new IllegalArgumentException("unknown command " + words[0]);
    }
  }

  public static void main(String[] ignored) throws IOException {
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
    System.setIn(new CallInput());
    System.setOut(new PrintStream(new CallOutput("out"), true));
    System.setErr(new PrintStream(new CallOutput("err"), true));
    Exit.setExitProcedure((code, message) -> exit(code));
    Exit.setHaltProcedure((code, message) -> exit(code));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) obey(line.split(" ", -1));
    Runtime.getRuntime().halt(0);
  }
}
