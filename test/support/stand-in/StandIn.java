import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;

import java.util.List;

/**
 * A server that speaks MongoDB's protocol, for the tests: {@code StandIn <port> [file]}. Port 0 takes a free one; with a
 * file what was written is kept there. It prints its port once it listens and ends when its standard input does.
 */
class StandIn {
    public static void main(String[] args) throws Exception {
        MongoBackend backend = args.length > 1 ? new H2Backend(args[1]) : new MemoryBackend();
        MongoServer server = new MongoServer(backend.version(new Version()));

        server.bind("127.0.0.1", Integer.parseInt(args[0]));
        System.out.println(server.getLocalAddress().getPort());
        while (System.in.read() != -1);
        System.exit(0);
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
