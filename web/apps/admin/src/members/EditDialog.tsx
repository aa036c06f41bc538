"use client";

import { problemOf } from "@laurel/api-client";
import { fieldErrors, ProblemNotice, SubmitButton } from "@laurel/ui";
import { Button, Group, Modal, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";

type Member = Schema<"Member">;

/** What identifies a member, and whether they may take part. Only what was changed is sent. */
export function EditDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const text = useText();
  const form = useForm({
    initialValues: {
      name: member.name ?? "",
      email: member.email ?? "",
      external_id: member.external_id ?? "",
      birth_date: member.birth_date ?? "",
      suspended: member.status === "suspended",
    },
  });
  const change = useChange(
    (body: Schema<"MemberPatch">) =>
      api.PATCH("/api/admin/members/{member_id}", { params: { path: { member_id: member.member_id } }, body }),
    { stale: ["/api/admin/members"], said: () => text.common.saved, onDone: onClose },
  );
  const send = ({ suspended, ...fields }: typeof form.values) => {
    const changed = Object.entries(fields).filter(
      ([name, value]) => value !== (member[name as keyof typeof fields] ?? ""),
    );
    const status = suspended === (member.status === "suspended") ? {} : { status: suspended ? "suspended" : "active" };
    const body = Object.fromEntries(changed.map(([name, value]) => [name, value || null]));
    change.mutate({ ...body, ...status } as Schema<"MemberPatch">, {
      onError: (error) => form.setErrors(fieldErrors(problemOf(error))),
    });
  };
  return (
    <Modal opened onClose={onClose} title={text.members.editTitle}>
      <form onSubmit={form.onSubmit(send)}>
        <Stack>
          {change.isError && <ProblemNotice error={change.error} />}
          <TextInput label={text.common.name} maxLength={200} data-autofocus {...form.getInputProps("name")} />
          <TextInput label={text.members.email} type="email" {...form.getInputProps("email")} />
          <TextInput label={text.members.externalId} maxLength={200} {...form.getInputProps("external_id")} />
          <TextInput label={text.members.birthDate} type="date" {...form.getInputProps("birth_date")} />
          <Switch
            label={text.members.suspend}
            description={text.members.suspendDetail}
            {...form.getInputProps("suspended", { type: "checkbox" })}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {text.common.cancel}
            </Button>
            <SubmitButton loading={change.isPending} disabled={!form.isDirty()}>
              {text.common.save}
            </SubmitButton>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
