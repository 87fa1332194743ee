"use strict";

// Who marks: a name, asked for once, before the first mark.
let me = "";

// It stands in the signature of what it decides.
const cleanName = (name) => name.replace(/[|\p{C}]/gu, "").replace(/\s+/gu, " ").trim();

function showMarked() {
  $("marked").textContent = [...marks.values()].filter((mark) => !isEmpty(mark)).length;
  $("me").textContent = me ? `by ${me}` : "Your name";
}

// Runs then() when there is a name.
function withName(then, again = false) {
  if (me && !again) return then();
  const dialog = $("who");
  $("name").value = me;
  const done = () => {
    const given = cleanName($("name").value);
    if (!given) return $("name").focus();
    me = given;
    store.set("cxr-by", me);
    dialog.close();
    showMarked();
    then();
  };
  $("named").onclick = done;
  $("name").onkeydown = (event) => { // it returns nothing: `false` would swallow the key
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    done();
  };
  dialog.showModal();
}
