"use client";

import { type Problem, problemOf } from "@laurel/api-client";
import { Alert, Button, Code, Group, List, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX } from "@tabler/icons-react";

import { type Format, useFormat } from "./format";
import { useUiText } from "./messages";

interface ProblemNoticeProps {
  /** What was thrown: an ApiError, or whatever else stood in the way. */
  error: unknown;
  onRetry?: () => void;
}

/** A refusal as a person needs it: what the API says of it, each thing wrong, and the way out. */
export function ProblemNotice({ error, onRetry }: ProblemNoticeProps) {
  const text = useUiText();
  const format = useFormat();
  const problem = problemOf(error);
  const unreachable = problem.status === 0;
  return (
    <Alert
      role="alert"
      color={unreachable ? "amber" : "rose"}
      icon={unreachable ? <IconPlugConnectedX size={20} /> : <IconAlertTriangle size={20} />}
      title={unreachable ? text.noAnswer : problem.title}
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{unreachable ? text.noAnswerDetail : problem.detail}</Text>
        <FieldProblems problem={problem} />
        <Text size="sm" c="dimmed">
          {wayOut(problem, text, format)}
        </Text>
        <Group gap="md">
          {onRetry && (
            <Button size="xs" variant="default" onClick={onRetry}>
              {text.retry}
            </Button>
          )}
          {problem.request_id && (
            <Text size="xs" c="dimmed">
              {text.reference} <Code>{problem.request_id}</Code>
            </Text>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

function FieldProblems({ problem }: { problem: Problem }) {
  if (!problem.errors?.length) return null;
  return (
    <List size="sm" spacing={2}>
      {problem.errors.map((error) => (
        <List.Item key={`${error.pointer} ${error.detail}`}>
          <Code>{error.pointer || "/"}</Code> {error.detail}
        </List.Item>
      ))}
    </List>
  );
}

type UiText = ReturnType<typeof useUiText>;

/** What a person can do about it. */
function wayOut(problem: Problem, text: UiText, format: Format): string | null {
  const wait = problem.retry_after_seconds;
  if (wait) return text.wayOut.wait(format.duration(wait));
  switch (problem.status) {
    case 0:
      return text.wayOut.none;
    case 401:
      return text.wayOut.signIn;
    case 403:
      return text.wayOut.role;
    case 404:
      return text.wayOut.gone;
    case 429:
    case 502:
    case 503:
    case 504:
      return text.wayOut.soon;
    case 500:
      return text.wayOut.bug;
    default:
      return null;
  }
}
