import type { SyntheticEvent } from "react";

/** As much of a form of Mantine's as is needed here. */
interface FormOf<Values> {
  getValues: () => Values;
  setValues: (values: Partial<Values>) => void;
  onSubmit: (send: (values: Values) => void) => (event?: SyntheticEvent<HTMLFormElement>) => void;
}

/**
 * Sends what stands in the form's fields, by their names. What a browser or a quick hand filled in before the page's
 * scripts ran is there, but the form has not heard of it.
 */
export function sendingTyped<Values extends object>(form: FormOf<Values>, send: (values: Values) => void) {
  return (event: SyntheticEvent<HTMLFormElement>) => {
    const known = new Map<string, unknown>(Object.entries(form.getValues()));
    const typed = [...new FormData(event.currentTarget)].filter(
      ([name, value]) => known.has(name) && known.get(name) !== value,
    );
    if (typed.length > 0) form.setValues(Object.fromEntries(typed) as Partial<Values>);
    form.onSubmit(send)(event);
  };
}
