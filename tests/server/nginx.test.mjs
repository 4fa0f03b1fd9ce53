// The server behind nginx, which ends TLS.

import { testBehind } from "./behind.mjs";
import { PROXIES } from "./proxies.mjs";

await testBehind(PROXIES.nginx);
