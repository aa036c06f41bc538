"use client";

import { Fetched, useFormat } from "@laurel/ui";
import { Button, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { type Profile, profile } from "@/api";
import { Section } from "@/home/Section";
import { Page } from "@/shell/Page";
import { useText } from "@/text";

import { AboutYou } from "./AboutYou";
import { Leave } from "./Leave";
import { Password } from "./Password";

export function ProfilePage() {
  const text = useText().profile;
  const query = useQuery(profile);
  return (
    <Page title={text.title}>
      <Fetched query={query}>
        {(member) => (
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            <Stack gap="lg">
              <Section title={text.you}>
                <AboutYou member={member} />
                <Facts member={member} />
              </Section>
            </Stack>
            <Stack gap="lg">
              <Section title={text.password}>
                <Password />
              </Section>
              <Section title={text.data}>
                <Export />
                <Leave />
              </Section>
            </Stack>
          </SimpleGrid>
        )}
      </Fetched>
    </Page>
  );
}

function Facts({ member }: { member: Profile }) {
  const text = useText().profile;
  const format = useFormat();
  return (
    <Text size="sm" c="dimmed">
      {text.memberSince} {format.date(member.created_at)}
      <br />
      {text.memberNumber} {member.external_id ?? member.member_id}
    </Text>
  );
}

function Export() {
  const text = useText().profile;
  return (
    <Stack gap="xs" align="flex-start">
      <Text size="sm">{text.exportDetail}</Text>
      <Button
        component="a"
        href="/api/customer/export"
        download="laurel.json"
        variant="default"
        leftSection={<IconDownload size={18} aria-hidden />}
      >
        {text.export}
      </Button>
    </Stack>
  );
}
