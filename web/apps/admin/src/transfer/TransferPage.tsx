"use client";

import { PageHeader } from "@laurel/ui";
import { Button, Group, Stack } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";

import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";
import { type Operation, useMay } from "@/session/access";

import { Import } from "./Import";

type ListName = "members" | "transactions" | "redemptions" | "rewards" | "merchants" | "audit";

const lists: [ListName, string, Operation][] = [
  ["members", "/members", "list_members"],
  ["transactions", "/transactions", "list_transactions"],
  ["redemptions", "/redemptions", "list_redemptions"],
  ["rewards", "/rewards", "list_rewards"],
  ["merchants", "/merchants", "list_merchants"],
  ["audit", "/audit-log", "list_audit_log"],
];

export function TransferPage() {
  const text = useText();
  const may = useMay();
  return (
    <>
      <PageHeader title={text.transfer.title} app={text.common.app} detail={text.transfer.detail} />
      <Stack>
        {may("import_transactions") && <Import />}
        <Panel title={text.transfer.export} detail={text.transfer.exportDetail}>
          <Group>
            {lists
              .filter(([, , operation]) => may(operation))
              .map(([name, path]) => (
                <Button
                  key={name}
                  component="a"
                  href={`/api/admin${path}?format=csv`}
                  download={`${name}.csv`}
                  variant="default"
                  leftSection={<IconDownload size={16} />}
                  aria-label={`${text.transfer.download}: ${text.console.places[name]}`}
                >
                  {text.console.places[name]}
                </Button>
              ))}
          </Group>
        </Panel>
      </Stack>
    </>
  );
}
