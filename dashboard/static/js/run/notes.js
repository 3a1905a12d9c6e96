// Writes what people say of a run: tags, a note, and whether it is archived.
import { ask, runApi, ServerError } from "../api.js";

// `changes` are some of tags, note and archived; what went wrong in words, or null.
export async function saveNotes(run, changes) {
  const notes = { tags: run.tags, note: run.note, ...changes };
  const headers = { "Content-Type": "application/json" };
  try {
    await ask(runApi(run.id, "/notes"), { method: "PUT", headers, body: JSON.stringify(notes) });
  } catch (error) {
    const detail = "Is the server still running?";
    return error instanceof ServerError ? error.told : { headline: "The notes were not saved", detail };
  }
  return null;
}
