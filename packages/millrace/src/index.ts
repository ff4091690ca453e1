// The umbrella package: what `import ... from 'millrace'` gives.
export * from '@millrace/broker'
export * from '@millrace/client'
