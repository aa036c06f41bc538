"use client";

import { ProblemNotice, SubmitButton } from "@laurel/ui";
import { Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { usePathname } from "next/navigation";
import { type SubmitEvent } from "react";

import { profile, signIn } from "@/api";
import { useText } from "@/text";

import { Secret } from "./Secret";

const VISITORS = new Set(["/sign-in", "/sign-up"]);

/** Asks for the password over the page, so that what was typed there stays. */
export function SessionEnded({ onSignedIn }: { onSignedIn: () => void }) {
  const text = useText().access;
  const queries = useQueryClient();
  const pathname = usePathname();
  const known = queries.getQueryData(profile.queryKey)?.email ?? "";
  const enter = useMutation({
    mutationFn: ({ email, password }: { email: string; password: string }) => signIn(email, password),
    onSuccess: () => {
      onSignedIn();
      void queries.invalidateQueries();
    },
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    enter.mutate({ email: form.get("email") as string, password: form.get("password") as string });
  };
  return (
    <Modal opened={!VISITORS.has(pathname)} onClose={() => undefined} withCloseButton={false} title={text.againTitle}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{text.againDetail}</Text>
          <TextInput
            label={text.email}
            name="email"
            type="email"
            autoComplete="username"
            defaultValue={known}
            required
          />
          <Secret label={text.password} name="password" autoComplete="current-password" required data-autofocus />
          {enter.error && <ProblemNotice error={enter.error} />}
          <SubmitButton loading={enter.isPending}>{text.signIn}</SubmitButton>
        </Stack>
      </form>
    </Modal>
  );
}
