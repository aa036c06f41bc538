import { useTextIn } from "../i18n";
import { de } from "./de";
import { en } from "./en";

const languages = { en, de };

/** The text of the shared components themselves. */
export const useUiText = () => useTextIn(languages);
