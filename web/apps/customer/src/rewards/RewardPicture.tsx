import { AspectRatio, Center, Image } from "@mantine/core";
import { IconGift } from "@tabler/icons-react";

import { type Reward } from "@/api";

const OURS = /^\/(?!\/)/;

/** The reward's picture when this site serves it; a gift otherwise: pages ask no other host for anything. */
export function RewardPicture({ reward }: { reward: Pick<Reward, "image_url"> }) {
  const ours = reward.image_url !== null && OURS.test(reward.image_url);
  return (
    <AspectRatio ratio={3 / 2}>
      {ours ? (
        <Image src={reward.image_url} alt="" radius="md" />
      ) : (
        <Center bg="var(--laurel-subtle)" style={{ borderRadius: "var(--mantine-radius-md)" }}>
          <IconGift size={36} aria-hidden />
        </Center>
      )}
    </AspectRatio>
  );
}
