import { createTheme } from "@mantine/core";

export const theme = createTheme({ fontFamily: "'Inter Variable', sans-serif" });
