import { Container, Title } from "@mantine/core";

export default function Page() {
  return (
    <Container component="main" py="xl">
      <Title>Laurel</Title>
    </Container>
  );
}
