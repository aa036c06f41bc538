"use client";

import { ProblemNotice, sendingTyped, SubmitButton } from "@laurel/ui";
import { PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";

import { useText } from "@/messages";

import { signIn } from "./session";

/** Who one is. `email` is given when only the password has to be proven again. */
export function SignInForm({ email = "", onDone }: { email?: string; onDone: () => void }) {
  const text = useText().console.signIn;
  const form = useForm({ initialValues: { email, password: "" } });
  const signing = useMutation({
    mutationFn: ({ email, password }: typeof form.values) => signIn(email, password),
    onSuccess: onDone,
  });
  return (
    <form onSubmit={sendingTyped(form, (values) => signing.mutate(values))}>
      <Stack>
        {signing.isError && <ProblemNotice error={signing.error} />}
        <TextInput
          label={text.email}
          type="email"
          name="email"
          autoComplete="username"
          required
          {...form.getInputProps("email")}
        />
        <PasswordInput
          label={text.password}
          name="password"
          autoComplete="current-password"
          required
          {...form.getInputProps("password")}
        />
        <SubmitButton loading={signing.isPending} fullWidth>
          {text.submit}
        </SubmitButton>
      </Stack>
    </form>
  );
}
