"use client";

import { ProblemNotice, sendingTyped, SubmitButton } from "@laurel/ui";
import { Anchor, Stack, Text, TextInput } from "@mantine/core";
import { isEmail, isNotEmpty, useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import Link from "next/link";

import { signIn } from "@/api";
import { Secret } from "@/shell/Secret";
import { useText } from "@/text";

import { Welcome } from "./Welcome";

export function SignIn({ next }: { next: string }) {
  const text = useText().access;
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { email: "", password: "" },
    validate: { email: isEmail(text.emailNeeded), password: isNotEmpty(text.passwordMissing) },
  });
  const enter = useMutation({
    mutationFn: (typed: typeof form.values) => signIn(typed.email, typed.password),
    onSuccess: () => window.location.assign(next),
  });
  return (
    <Welcome title={text.signIn} detail={text.signInDetail}>
      <form onSubmit={sendingTyped(form, (typed) => enter.mutate(typed))} noValidate>
        <Stack>
          <TextInput
            label={text.email}
            type="email"
            autoComplete="username"
            name="email"
            key={form.key("email")}
            {...form.getInputProps("email")}
          />
          <Secret
            label={text.password}
            autoComplete="current-password"
            name="password"
            key={form.key("password")}
            {...form.getInputProps("password")}
          />
          {enter.error && <ProblemNotice error={enter.error} />}
          <SubmitButton size="md" loading={enter.isPending || enter.isSuccess}>
            {text.signIn}
          </SubmitButton>
          <Text size="sm" ta="center">
            {text.newHere}{" "}
            <Anchor component={Link} href="/sign-up" underline="always">
              {text.signUp}
            </Anchor>
          </Text>
        </Stack>
      </form>
    </Welcome>
  );
}
