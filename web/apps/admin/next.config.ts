import { fileURLToPath } from "node:url";
import { securityHeaders } from "@laurel/bff/headers";
import type { NextConfig } from "next";

const workspace = fileURLToPath(new URL("../..", import.meta.url));

const config: NextConfig = {
  output: "standalone",
  outputFileTracingRoot: workspace,
  turbopack: { root: workspace },
  transpilePackages: ["@laurel/api-client", "@laurel/bff", "@laurel/ui"],
  headers: () => Promise.resolve([{ source: "/:path*", headers: securityHeaders }]),
  poweredByHeader: false,
  reactStrictMode: true,
  compress: false,
  experimental: { optimizePackageImports: ["@mantine/core", "@mantine/hooks", "@tabler/icons-react"] },
};

export default config;
