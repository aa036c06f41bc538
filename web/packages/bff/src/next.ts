import type { NextConfig } from "next";

/** On every answer, pages and files alike. */
const securityHeaders = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Cross-Origin-Resource-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
];

/** What the apps' next.config have in common: a server in one folder, with all that it needs and nothing else. */
export const shared = (workspace: string): NextConfig => ({
  output: "standalone",
  outputFileTracingRoot: workspace,
  turbopack: { root: workspace },
  transpilePackages: ["@laurel/api-client", "@laurel/bff", "@laurel/ui"],
  headers: () => Promise.resolve([{ source: "/:path*", headers: securityHeaders }]),
  // pictures come as they are: postbuild takes out what would resize them, 20 MiB
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  experimental: { optimizePackageImports: ["@mantine/core", "@mantine/hooks", "@tabler/icons-react", "@laurel/ui"] },
});
