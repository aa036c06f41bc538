"use client";

import { fieldErrors } from "@laurel/ui";
import { problemOf } from "@laurel/api-client";
import { Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useRouter } from "next/navigation";

import { api } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { FormDialog } from "@/parts/FormDialog";

/** Takes a new member in. */
export function EnrolDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const text = useText();
  const router = useRouter();
  const form = useForm({ initialValues: { name: "", email: "", external_id: "", birth_date: "" } });
  const enrol = useChange(
    (given: typeof form.values) =>
      api.POST("/api/admin/members", {
        body: {
          name: given.name || null,
          email: given.email || null,
          external_id: given.external_id || null,
          birth_date: given.birth_date || null,
        },
      }),
    {
      stale: ["/api/admin/members"],
      said: () => text.members.enrolled,
      onDone: (member) => router.push(`/members/${member.member_id}`),
    },
  );
  const send = (given: typeof form.values) =>
    enrol.mutate(given, { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  return (
    <FormDialog
      opened={opened}
      onClose={onClose}
      title={text.members.enrol}
      submit={text.members.enrol}
      change={enrol}
      disabled={!form.values.email && !form.values.external_id}
      onSubmit={form.onSubmit(send)}
    >
      <Text size="sm" c="dimmed">
        {text.members.enrolDetail}
      </Text>
      <TextInput label={text.common.name} maxLength={200} data-autofocus {...form.getInputProps("name")} />
      <TextInput label={text.members.email} type="email" {...form.getInputProps("email")} />
      <TextInput label={text.members.externalId} maxLength={200} {...form.getInputProps("external_id")} />
      <TextInput label={text.members.birthDate} type="date" {...form.getInputProps("birth_date")} />
    </FormDialog>
  );
}
