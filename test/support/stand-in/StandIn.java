import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;

import java.util.List;

/**
 * A server that speaks MongoDB's protocol, for the tests: {@code StandIn <port> [file]}. Port 0 takes a free one; with a
 * file, what was acknowledged is in it. It prints its port once it listens and ends when its standard input does.
 */
class StandIn {
    public static void main(String[] args) throws Exception {
        MongoBackend backend = args.length > 1 ? new Kept(args[1]) : new MemoryBackend();
        MongoServer server = new MongoServer(backend.version(new Version()));

        server.bind("127.0.0.1", Integer.parseInt(args[0]));
        System.out.println(server.getLocalAddress().getPort());
        while (System.in.read() != -1);
        Runtime.getRuntime().halt(0);
    }

    /** By itself it would write once a second. One command at a time, so that no other's is written by half. */
    static class Kept extends H2Backend {
        Kept(String file) {
            super(file);
            getMvStore().setAutoCommitDelay(0);
        }

        @Override
        public synchronized Document handleMessage(MongoMessage message) {
            Document answer = super.handleMessage(message);

            commit();
            // Committing may leave the writing to a thread of its own; this waits until it is in the file.
            getMvStore().sync();

            return answer;
        }
    }

    /** The server says 8 by itself, which is too old for today's drivers. */
    static class Version implements MongoVersion {
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        public int getWireVersion() {
            return 13;
        }
    }
}
