"use client";

import { problemOf, unwrap } from "@laurel/api-client";
import { fieldErrors, ProblemNotice, SubmitButton } from "@laurel/ui";
import { Stack, TextInput } from "@mantine/core";
import { isEmail, isNotEmpty, useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { client, type Profile, profile, type ProfilePatch } from "@/api";
import { Secret } from "@/shell/Secret";
import { useText } from "@/text";

interface Typed {
  name: string;
  email: string;
  birth_date: string;
  password: string;
}

/** Name, email and birthday. A new email takes the password, a birthday is told once. */
export function AboutYou({ member }: { member: Profile }) {
  const text = useText();
  const queries = useQueryClient();
  const form = useForm<Typed>({
    initialValues: {
      name: member.name ?? "",
      email: member.email ?? "",
      birth_date: member.birth_date ?? "",
      password: "",
    },
    validate: { name: isNotEmpty(text.access.nameNeeded), email: isEmail(text.access.emailNeeded) },
  });
  const save = useMutation({
    mutationFn: (patch: ProfilePatch) => unwrap(client.PATCH("/api/customer/profile", { body: patch })),
    onSuccess: (saved) => {
      queries.setQueryData(profile.queryKey, saved);
      form.setFieldValue("password", "");
      notifications.show({ color: "laurel", message: text.profile.saved });
    },
    onError: (error) => form.setErrors(fieldErrors(problemOf(error))),
  });
  const movesHouse = form.values.email !== member.email;
  const refused = save.error && problemOf(save.error).status !== 401 ? save.error : null;
  return (
    <form onSubmit={form.onSubmit((typed) => save.mutate(changes(typed, member)))} noValidate>
      <Stack>
        <TextInput label={text.access.name} autoComplete="name" maxLength={200} {...form.getInputProps("name")} />
        <TextInput label={text.access.email} type="email" autoComplete="username" {...form.getInputProps("email")} />
        {movesHouse && (
          <Secret
            label={text.profile.passwordNow}
            autoComplete="current-password"
            {...form.getInputProps("password")}
          />
        )}
        <TextInput
          label={text.access.birthDate}
          description={member.birth_date ? text.profile.birthDateFixed : text.access.birthDateHint}
          type="date"
          autoComplete="bday"
          disabled={Boolean(member.birth_date)}
          {...form.getInputProps("birth_date")}
        />
        {refused && <ProblemNotice error={refused} />}
        <SubmitButton loading={save.isPending} style={{ alignSelf: "flex-start" }}>
          {text.profile.save}
        </SubmitButton>
      </Stack>
    </form>
  );
}

/** What differs from what is known: everything else stays as it is. */
function changes(typed: Typed, member: Profile): ProfilePatch {
  return {
    ...(typed.name !== member.name && { name: typed.name }),
    ...(typed.email !== member.email && { email: typed.email, password: typed.password }),
    ...(typed.birth_date && typed.birth_date !== member.birth_date && { birth_date: typed.birth_date }),
  };
}
