// The files of a run folder: to look at, or to save.
import { html } from "../lib.js";
import { runApi, useLive } from "../api.js";
import { ErrorBox, Loading, Scroll, Time } from "../parts/basic.js";
import { runAddress } from "../router.js";
import * as format from "../format.js";
import { Content, fileAddress } from "./text.js";

export function Files({ id, params, run }) {
  const { data, error } = useLive(runApi(id, "/files"), run.status === "running" ? 3 : 30);
  const chosen = params.get("file");
  if (chosen) {
    return html`<p><a href=${runAddress(id, "?tab=files")}>All files</a></p>
      <${Content} key=${chosen} id=${id} path=${chosen} />`;
  }
  if (!data) return error ? html`<${ErrorBox} error=${error} />` : html`<${Loading} />`;
  return html`<${Scroll} label="Files">
      <table class="files" data-testid="files">
        <thead><tr><th>File</th><th class="number">Size</th><th>Changed</th><th><span class="hidden">Save</span></th></tr></thead>
        <tbody>
          ${data.files.map(
            (file) => html`<tr key=${file.path}>
              <th scope="row"><a class="run-link" href=${runAddress(id, `?tab=files&file=${encodeURIComponent(file.path)}`)}>${file.path}</a></th>
              <td class="number nowrap">${format.bytes(file.size)}</td>
              <td class="nowrap"><${Time} at=${file.changed} /></td>
              <td><a href=${fileAddress(id, file.path)} download aria-label=${`Download ${file.path}`}>Download</a></td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>
    ${data.more && html`<p class="quiet">There are more files than are listed.</p>`}`;
}
