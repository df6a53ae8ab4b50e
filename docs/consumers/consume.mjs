// node consume.mjs BROKERS TOPIC GROUP        (npm install kafkajs)
import { Kafka } from "kafkajs";

const [brokers, topic, groupId] = process.argv.slice(2);
const consumer = new Kafka({ brokers: brokers.split(","), logLevel: 1 }).consumer({ groupId, readUncommitted: false });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    const record = JSON.parse(message.value);
    console.log(record.datePublished, record.headline);
  },
});
