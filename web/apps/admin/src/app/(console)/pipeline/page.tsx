import { PipelinePage } from "@/pipeline/PipelinePage";

export default function Page() {
  return <PipelinePage />;
}
