"use client";

import { Modal, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { useText } from "@/messages";

import { useMe } from "./access";
import { sessionEnded } from "./ended";
import { SignInForm } from "./SignInForm";

/** Asks for the password over the page when the session ends, so that nothing typed is lost. */
export function SignInAgain() {
  const text = useText().console.signIn;
  const me = useMe();
  const cache = useQueryClient();
  const [ended, setEnded] = useState(false);
  useEffect(() => sessionEnded.listen(() => setEnded(true)), []);
  const carryOn = () => {
    setEnded(false);
    void cache.refetchQueries({ type: "active" });
  };
  return (
    <Modal
      opened={ended}
      onClose={() => setEnded(false)}
      title={text.again}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <Text size="sm">{text.againDetail}</Text>
        <SignInForm email={me.email} onDone={carryOn} />
      </Stack>
    </Modal>
  );
}
