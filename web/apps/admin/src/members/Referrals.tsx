"use client";

import { Fetched } from "@laurel/ui";
import { Stack, Text } from "@mantine/core";

import { useGet } from "@/api/queries";
import { useText } from "@/messages";
import { MemberLink } from "@/parts/Links";
import { ReferralsTable } from "@/referrals/ReferralsTable";

/** By whom a member came, and whom the member brought. */
export function Referrals({ memberId }: { memberId: string }) {
  const text = useText().referrals;
  const came = useGet("/api/admin/referrals", { query: { referred_id: memberId, limit: 1 } });
  return (
    <Stack>
      <Fetched query={came}>
        {({ data: [referral] }) => (
          <Text size="sm">
            {referral ? (
              <>
                {text.cameBy} <MemberLink id={referral.referrer_id} />
              </>
            ) : (
              text.cameAlone
            )}
          </Text>
        )}
      </Fetched>
      <ReferralsTable only={{ referrer_id: memberId }} />
    </Stack>
  );
}
