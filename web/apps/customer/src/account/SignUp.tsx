"use client";

import { problemOf, unwrap } from "@laurel/api-client";
import { fieldErrors, ProblemNotice, sendingTyped, SubmitButton } from "@laurel/ui";
import { Anchor, Stack, Text, TextInput } from "@mantine/core";
import { hasLength, isEmail, isNotEmpty, useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import Link from "next/link";

import { client, signIn } from "@/api";
import { Secret } from "@/shell/Secret";
import { useText } from "@/text";

import { Welcome } from "./Welcome";

const PASSWORD_CHARACTERS = { min: 10, max: 200 };

interface Typed {
  name: string;
  email: string;
  password: string;
  birth_date: string;
  referral_code: string;
}

async function join(typed: Typed): Promise<void> {
  const body = { ...typed, birth_date: typed.birth_date || null, referral_code: typed.referral_code || null };
  await unwrap(client.POST("/api/customer/register", { body }));
  await signIn(typed.email, typed.password);
}

/** `invitedBy` is the code in the link that led here. */
export function SignUp({ invitedBy }: { invitedBy: string }) {
  const text = useText().access;
  const form = useForm<Typed>({
    mode: "uncontrolled",
    initialValues: { name: "", email: "", password: "", birth_date: "", referral_code: invitedBy },
    validate: {
      name: isNotEmpty(text.nameNeeded),
      email: isEmail(text.emailNeeded),
      password: hasLength(PASSWORD_CHARACTERS, text.passwordNeeded),
    },
  });
  const enter = useMutation({
    mutationFn: join,
    onSuccess: () => window.location.assign("/"),
    onError: (error) => form.setErrors(fieldErrors(problemOf(error))),
  });
  const field = (name: keyof Typed) => ({ name, key: form.key(name), ...form.getInputProps(name) });
  return (
    <Welcome title={text.signUp} detail={text.signUpDetail}>
      <form onSubmit={sendingTyped(form, (typed) => enter.mutate(typed))} noValidate>
        <Stack>
          <TextInput label={text.name} autoComplete="name" maxLength={200} {...field("name")} />
          <TextInput label={text.email} type="email" autoComplete="username" {...field("email")} />
          <Secret
            label={text.password}
            description={text.passwordHint}
            autoComplete="new-password"
            {...field("password")}
          />
          <TextInput
            label={text.birthDate}
            description={text.birthDateHint}
            type="date"
            autoComplete="bday"
            {...field("birth_date")}
          />
          <TextInput
            label={text.friendCode}
            description={text.friendCodeHint}
            autoComplete="off"
            maxLength={40}
            {...field("referral_code")}
          />
          {enter.error && <ProblemNotice error={enter.error} />}
          <SubmitButton size="md" loading={enter.isPending || enter.isSuccess}>
            {text.signUp}
          </SubmitButton>
          <Text size="sm" ta="center">
            {text.knownHere}{" "}
            <Anchor component={Link} href="/sign-in" underline="always">
              {text.signIn}
            </Anchor>
          </Text>
        </Stack>
      </form>
    </Welcome>
  );
}
