// The editor of the lab page: CodeMirror with Python, and a small handle around it. Built by build.mjs into ../static/editor.js.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

// make(el, { doc, change(text), run() }): an editor in el. A text that is put in by `set` is no change of the person's.
export function make(el, { doc = "", change = () => {}, run = () => {} }) {
  let quiet = false;
  const state = (text) => EditorState.create({
    doc: text,
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }, { key: "Shift-Enter", run: () => (run(), true) }])),
      lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(),
      closeBrackets(), autocompletion(), highlightSelectionMatches(), lintGutter(), python(), indentUnit.of("    "),
      syntaxHighlighting(classHighlighter),
      EditorView.contentAttributes.of({ "aria-label": "Python program. Escape, then Tab leaves the editor.", spellcheck: "false" }),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, indentWithTab]),
      EditorView.updateListener.of((update) => { if (update.docChanged && !quiet) change(update.state.doc.toString()); }),
    ],
  });
  const view = new EditorView({ state: state(doc), parent: el });
  return {
    view,
    text: () => view.state.doc.toString(),
    set(text) {
      quiet = true;
      view.setState(state(text));
      quiet = false;
    },
    // [{ line, message }], lines from 1: marked in the text and at the edge
    mark(found) {
      const { doc: now } = view.state;
      view.dispatch(setDiagnostics(view.state, found.map(({ line, message }) => {
        const at = now.line(Math.max(1, Math.min(now.lines, line)));
        const from = at.from + (at.text.length - at.text.trimStart().length);
        return { from: Math.min(from, at.to), to: at.to, severity: "error", message };
      })));
    },
    goto(line) {
      const at = view.state.doc.line(Math.max(1, Math.min(view.state.doc.lines, line)));
      view.dispatch({ selection: { anchor: at.from }, scrollIntoView: true });
      view.focus();
    },
    focus: () => view.focus(),
  };
}
