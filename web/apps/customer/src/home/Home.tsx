"use client";

import { Grid, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { profile } from "@/api";
import { Page } from "@/shell/Page";
import { useText } from "@/text";

import { Balance } from "./Balance";
import { Expiring } from "./Expiring";
import { RecentPurchases } from "./RecentPurchases";
import { Tier } from "./Tier";
import { WithinReach } from "./WithinReach";

export function Home() {
  const text = useText();
  const { data } = useQuery(profile);
  const title = data?.name ? text.home.greeting(data.name) : text.home.greetingNobody;
  return (
    <Page title={title}>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="lg">
            <Balance />
            <WithinReach />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="lg">
            <Tier />
            <RecentPurchases />
            <Expiring />
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}
