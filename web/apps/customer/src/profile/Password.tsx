"use client";

import { problemOf, unwrap } from "@laurel/api-client";
import { fieldErrors, ProblemNotice, SubmitButton } from "@laurel/ui";
import { Stack } from "@mantine/core";
import { hasLength, isNotEmpty, useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";

import { client } from "@/api";
import { signOut } from "@/shell/signingOut";
import { Secret } from "@/shell/Secret";
import { useText } from "@/text";

/** A new password ends every session, this one too. */
export function Password() {
  const text = useText();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { password: "", new_password: "" },
    validate: {
      password: isNotEmpty(text.access.passwordMissing),
      new_password: hasLength({ min: 10, max: 200 }, text.access.passwordNeeded),
    },
  });
  const change = useMutation({
    mutationFn: (typed: typeof form.values) => unwrap(client.PATCH("/api/customer/profile", { body: typed })),
    onSuccess: signOut,
    onError: (error) => form.setErrors(fieldErrors(problemOf(error))),
  });
  return (
    <form onSubmit={form.onSubmit((typed) => change.mutate(typed))} noValidate>
      <Stack>
        <Secret
          label={text.profile.passwordNow}
          autoComplete="current-password"
          key={form.key("password")}
          {...form.getInputProps("password")}
        />
        <Secret
          label={text.profile.passwordNew}
          description={text.access.passwordHint}
          autoComplete="new-password"
          key={form.key("new_password")}
          {...form.getInputProps("new_password")}
        />
        {change.error && <ProblemNotice error={change.error} />}
        <SubmitButton variant="default" loading={change.isPending} style={{ alignSelf: "flex-start" }}>
          {text.profile.passwordSave}
        </SubmitButton>
      </Stack>
    </form>
  );
}
