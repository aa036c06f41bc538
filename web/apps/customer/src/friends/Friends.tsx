"use client";

import { Empty, Fetched, useFormat, Waiting } from "@laurel/ui";
import { Badge, Group, List, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconUsersPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";

import { type Friend, friends, type FriendTerms } from "@/api";
import { Section } from "@/home/Section";
import { MoreOnScroll } from "@/shell/MoreOnScroll";
import { Page } from "@/shell/Page";
import { When } from "@/shell/When";
import { useText } from "@/text";

import { Invitation } from "./Invitation";

const COLOURS = { open: "amber", completed: "laurel", over_limit: "gray", lapsed: "gray" };

/** The member's code to give away, what it takes, and how those who came by it stand. */
export function Friends() {
  const text = useText().friends;
  const query = useInfiniteQuery(friends);
  return (
    <Page title={text.title} detail={text.detail}>
      <Fetched query={query} waiting={<Waiting lines={6} height={44} />}>
        {({ pages }) => {
          const [first] = pages;
          return (
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
              <Section title={text.invite}>
                {first?.code && <Invitation code={first.code} />}
                {first && <Terms terms={first.terms} />}
              </Section>
              <Section title={text.joined} action={first && <Completed count={first.completed} />}>
                <Joined friends={pages.flatMap((page) => page.data)} />
                <MoreOnScroll query={query} />
              </Section>
            </SimpleGrid>
          );
        }}
      </Fetched>
    </Page>
  );
}

function Completed({ count }: { count: number }) {
  const text = useText().friends;
  const format = useFormat();
  return <Badge size="lg">{text.completed(format.number(count))}</Badge>;
}

function Terms({ terms }: { terms: FriendTerms }) {
  const text = useText().friends;
  const format = useFormat();
  const least = Number(terms.minimum_amount) > 0 ? format.money(terms.minimum_amount, terms.currency) : null;
  return (
    <Text size="sm" c="dimmed">
      {text.terms(terms.purchases, least, format.number(terms.within_days))}
    </Text>
  );
}

function Joined({ friends: joined }: { friends: readonly Friend[] }) {
  const text = useText().friends;
  if (joined.length === 0) {
    return <Empty icon={<IconUsersPlus size={24} />} title={text.none} detail={text.noneDetail} />;
  }
  return (
    <List
      listStyleType="none"
      spacing="sm"
      styles={{ itemWrapper: { display: "block" }, itemLabel: { display: "block" } }}
    >
      {joined.map((friend) => (
        <List.Item key={friend.joined_at}>
          <Group justify="space-between">
            <Stack gap={0}>
              <Text fw={600}>{text.friend}</Text>
              <Text size="sm" c="dimmed">
                {text.since} <When at={friend.joined_at} />
              </Text>
            </Stack>
            <Badge color={COLOURS[friend.status]}>{text.status[friend.status]}</Badge>
          </Group>
        </List.Item>
      ))}
    </List>
  );
}
