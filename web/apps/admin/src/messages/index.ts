import { useTextIn } from "@laurel/ui";

import { de } from "./de";
import { en } from "./en";

export type Messages = typeof en;

const languages: { en: Messages; de: Messages } = { en, de };

/** The app's text in the language chosen. */
export const useText = (): Messages => useTextIn(languages);
