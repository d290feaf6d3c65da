import { render } from "preact";
import { connectApi } from "./core/api.js";
import { Chat } from "./core/chat.js";
import { browserStorage, draftStorage } from "./core/storage.js";
import { App } from "./ui/App.js";
import { address } from "./ui/address.js";
import { keepAwake } from "./ui/awake.js";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/chat.css";
import "./styles/composer.css";
import "./styles/markdown.css";

const chat = new Chat(connectApi("/apps/web-chat/api"), address, browserStorage, draftStorage);
const app = document.getElementById("app");
if (!app) throw new Error("index.html has no #app");
// The sketch of the page that is seen until now.
app.replaceChildren();
render(<App chat={chat} />, app);
keepAwake(chat);
window.addEventListener("hashchange", () => chat.open(address.read()));
void chat.start();
