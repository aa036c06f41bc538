"use client";

import { problemOf } from "@laurel/api-client";
import { fieldErrors, ProblemNotice, SubmitButton } from "@laurel/ui";
import { Button, Group, Modal, PasswordInput, Radio, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ComponentProps } from "react";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";

type Admin = Schema<"Admin">;

const stale: ["/api/admin/admins", "/api/admin/me"] = ["/api/admin/admins", "/api/admin/me"];

export function AddAdmin({ onClose }: { onClose: () => void }) {
  const text = useText();
  const form = useForm<Schema<"NewAdmin">>({ initialValues: { name: "", email: "", role: "viewer", password: "" } });
  const add = useChange((body: Schema<"NewAdmin">) => api.POST("/api/admin/admins", { body }), {
    stale,
    said: () => text.admins.added,
    onDone: onClose,
  });
  const send = (given: Schema<"NewAdmin">) =>
    add.mutate(given, { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  return (
    <Modal opened onClose={onClose} title={text.admins.add}>
      <form onSubmit={form.onSubmit(send)}>
        <Stack>
          {add.isError && <ProblemNotice error={add.error} />}
          <TextInput label={text.common.name} required maxLength={200} data-autofocus {...form.getInputProps("name")} />
          <TextInput label={text.admins.email} type="email" required {...form.getInputProps("email")} />
          <RoleChoice {...form.getInputProps("role")} />
          <PasswordInput
            label={text.admins.password}
            description={text.admins.passwordHint}
            autoComplete="new-password"
            minLength={12}
            required
            {...form.getInputProps("password")}
          />
          <Buttons onClose={onClose} pending={add.isPending} confirm={text.admins.add} />
        </Stack>
      </form>
    </Modal>
  );
}

export function ChangeAdmin({ admin, onClose }: { admin: Admin; onClose: () => void }) {
  const text = useText();
  const { name, role, active } = admin;
  const form = useForm({ initialValues: { name, role, active, password: "" } });
  const change = useChange(
    (body: Schema<"AdminPatch">) =>
      api.PATCH("/api/admin/admins/{admin_id}", { params: { path: { admin_id: admin.admin_id } }, body }),
    { stale, said: () => text.common.saved, onDone: onClose },
  );
  const send = ({ password, ...given }: typeof form.values) => {
    const changed = Object.entries(given).filter(([field, value]) => value !== admin[field as keyof Admin]);
    const body = { ...Object.fromEntries(changed), ...(password ? { password } : {}) };
    change.mutate(body, { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  };
  return (
    <Modal opened onClose={onClose} title={text.admins.editTitle(admin.name)}>
      <form onSubmit={form.onSubmit(send)}>
        <Stack>
          {change.isError && <ProblemNotice error={change.error} />}
          <TextInput label={text.common.name} required maxLength={200} {...form.getInputProps("name")} />
          <RoleChoice {...form.getInputProps("role")} />
          <Switch
            label={text.common.active}
            description={text.admins.activeHint}
            {...form.getInputProps("active", { type: "checkbox" })}
          />
          <PasswordInput
            label={text.admins.newPassword}
            description={text.admins.newPasswordHint}
            autoComplete="new-password"
            minLength={12}
            {...form.getInputProps("password")}
          />
          <Buttons onClose={onClose} pending={change.isPending} confirm={text.common.save} />
        </Stack>
      </form>
    </Modal>
  );
}

function RoleChoice(props: Omit<ComponentProps<typeof Radio.Group>, "children">) {
  const text = useText();
  const { roles } = text.console;
  return (
    <Radio.Group label={text.admins.role} {...props}>
      <Stack gap="xs" mt="xs">
        {(Object.keys(roles) as Admin["role"][]).map((role) => (
          <Radio key={role} value={role} label={roles[role]} description={text.admins.roleDetails[role]} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

function Buttons({ onClose, pending, confirm }: { onClose: () => void; pending: boolean; confirm: string }) {
  const text = useText().common;
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>
        {text.cancel}
      </Button>
      <SubmitButton loading={pending}>{confirm}</SubmitButton>
    </Group>
  );
}
