"use client";

import { Fetched, useFormat } from "@laurel/ui";
import { Text } from "@mantine/core";

import { useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";
import { useMay } from "@/session/access";

import { VoucherUpload } from "./VoucherUpload";

/** How many codes a reward has, and more of them from a file or from what is pasted. */
export function Vouchers({ rewardId }: { rewardId: string }) {
  const text = useText().rewards;
  const format = useFormat();
  const may = useMay();
  const held = useGet("/api/admin/rewards/{reward_id}/vouchers", { path: { reward_id: rewardId } });
  return (
    <Panel title={text.codesHeld}>
      <Fetched query={held}>
        {({ codes, free }) => (
          <Text size="sm">
            <b>{text.codes(format.number(codes))}</b>, {text.codesFree(format.number(free))}
          </Text>
        )}
      </Fetched>
      {may("upload_vouchers") && <VoucherUpload rewardId={rewardId} />}
    </Panel>
  );
}
