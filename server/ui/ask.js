// Questions to the gateway, by the names of its methods.

export async function ask(question, parameters = {}) {
  const answer = await fetch(`api/${question}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(parameters) });
  if (answer.ok) return answer.headers.get("content-type").startsWith("application/json") ? answer.json() : answer.text();
  const body = await answer.json().catch(() => null);
  throw new Error(body?.error?.[0]?.message ?? `the gateway answered ${answer.status}`);
}

export const usage = (query) => ask("usage", { query });
