// A provider on loopback that does what a test tells it to.

import { once } from "node:events";
import { createServer } from "node:http";

/** Starts a server with this handler and gives a configuration whose provider `openai` is that server. */
export async function upstream(handler) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${server.address().port}`;
  return {
    config: { providers: { openai: { base_url: base, key: "sk-test" } } },
    base,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
