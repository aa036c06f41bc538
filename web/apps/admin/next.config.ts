import { fileURLToPath } from "node:url";

import { shared } from "@laurel/bff/next";
import type { NextConfig } from "next";

const config: NextConfig = { ...shared(fileURLToPath(new URL("../..", import.meta.url))), compress: false };

export default config;
