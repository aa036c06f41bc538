"use client";

import { problemOf } from "@laurel/api-client";
import { eventTypes } from "@laurel/api-client/admin";
import { fieldErrors } from "@laurel/ui";
import { MultiSelect, Switch, TextInput } from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";
import { useRouter } from "next/navigation";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { ConfirmDialog } from "@/parts/ConfirmDialog";
import { FormDialog } from "@/parts/FormDialog";
import { RotateDialog } from "@/parts/RotateDialog";

type Webhook = Schema<"Webhook">;
type EventType = (typeof eventTypes)[number];

interface Draft {
  url: string;
  description: string;
  all: boolean;
  chosen: EventType[];
}

const ALL: EventType = "*";
const each = eventTypes.filter((event) => event !== ALL);
const stale: ["/api/admin/webhooks"] = ["/api/admin/webhooks"];
const pathOf = ({ webhook_id }: Webhook) => ({ params: { path: { webhook_id } } });

const bodyOf = ({ url, description, all, chosen }: Draft) => ({
  url,
  description,
  event_types: all ? [ALL] : chosen,
});

interface IssueProps {
  onClose: () => void;
  onIssued: (webhook: Schema<"IssuedWebhook">) => void;
}

interface DialogProps {
  webhook: Webhook;
  onClose: () => void;
}

/** A new endpoint; its secret is made and shown. */
export function AddWebhook({ onClose, onIssued }: IssueProps) {
  const text = useText().webhooks;
  const form = useForm<Draft>({ initialValues: { url: "https://", description: "", all: true, chosen: [] } });
  const add = useChange((body: Schema<"NewWebhook">) => api.POST("/api/admin/webhooks", { body }), {
    stale,
    onDone: onIssued,
  });
  const send = (draft: Draft) =>
    add.mutate(bodyOf(draft), { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  return (
    <FormDialog
      onClose={onClose}
      title={text.add}
      submit={text.add}
      change={add}
      disabled={!complete(form.values)}
      onSubmit={form.onSubmit(send)}
    >
      <Fields form={form} />
    </FormDialog>
  );
}

export function EditWebhook({ webhook, onClose }: DialogProps) {
  const text = useText();
  const { url, description, event_types } = webhook;
  const all = event_types.includes(ALL);
  const known = each.filter((event) => event_types.includes(event));
  const form = useForm<Draft>({ initialValues: { url, description, all, chosen: known } });
  const edit = useChange(
    (body: Schema<"WebhookPatch">) => api.PATCH("/api/admin/webhooks/{webhook_id}", { ...pathOf(webhook), body }),
    { stale, said: () => text.common.saved, onDone: onClose },
  );
  const send = (draft: Draft) =>
    edit.mutate(bodyOf(draft), { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  return (
    <FormDialog
      onClose={onClose}
      title={text.webhooks.editTitle}
      submit={text.common.save}
      change={edit}
      disabled={!complete(form.values)}
      onSubmit={form.onSubmit(send)}
    >
      <Fields form={form} />
    </FormDialog>
  );
}

const complete = ({ all, chosen }: Draft) => all || chosen.length > 0;

function Fields({ form }: { form: UseFormReturnType<Draft> }) {
  const text = useText().webhooks;
  return (
    <>
      <TextInput
        label={text.url}
        description={text.urlHint}
        type="url"
        required
        maxLength={2000}
        data-autofocus
        {...form.getInputProps("url")}
      />
      <TextInput label={text.description} maxLength={2000} {...form.getInputProps("description")} />
      <Switch label={text.all} {...form.getInputProps("all", { type: "checkbox" })} />
      {!form.values.all && (
        <MultiSelect label={text.events} data={each} searchable clearable {...form.getInputProps("chosen")} />
      )}
    </>
  );
}

export function RotateSecret({ webhook, onClose, onIssued }: DialogProps & IssueProps) {
  const text = useText().webhooks;
  const rotate = useChange(
    (overlap_seconds: number) =>
      api.POST("/api/admin/webhooks/{webhook_id}/rotate-secret", { ...pathOf(webhook), body: { overlap_seconds } }),
    { stale, onDone: onIssued },
  );
  return (
    <RotateDialog
      onClose={onClose}
      title={text.rotateTitle}
      detail={text.rotateDetail}
      change={rotate}
      onRotate={rotate.mutate}
    />
  );
}

interface DeleteProps extends DialogProps {
  /** Told when it is on its way out, and again if it stays after all. */
  onLeaving: (leaving: boolean) => void;
}

export function DeleteWebhook({ webhook, onClose, onLeaving }: DeleteProps) {
  const text = useText().webhooks;
  const router = useRouter();
  const remove = useChange(() => api.DELETE("/api/admin/webhooks/{webhook_id}", pathOf(webhook)), {
    stale: [],
    said: () => text.deleted,
    onDone: () => router.push("/webhooks"),
  });
  const confirm = () => {
    onLeaving(true);
    remove.mutate(undefined, { onError: () => onLeaving(false) });
  };
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.deleteTitle}
      confirm={text.delete}
      change={remove}
      onConfirm={confirm}
      grave
    >
      {text.deleteDetail}
    </ConfirmDialog>
  );
}
