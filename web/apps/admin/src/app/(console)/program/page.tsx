import { ProgramPage } from "@/program/ProgramPage";

export default function Page() {
  return <ProgramPage />;
}
