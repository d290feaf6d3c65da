import { useEffect, useState } from "preact/hooks";
import type { Chat } from "../core/chat.js";
import type { ChatState } from "../core/state.js";

/** The state, followed. */
export function useChatState(chat: Chat): ChatState {
  const [state, setState] = useState(chat.snapshot());
  useEffect(() => {
    setState(chat.snapshot());
    return chat.subscribe(() => setState(chat.snapshot()));
  }, [chat]);
  return state;
}

/** Runs what a button does: busy while it runs, and why it failed. */
export function useAction(): {
  busy: boolean;
  problem: string | null;
  run: (action: () => Promise<void>) => void;
} {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = (action: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    action()
      .catch((error: Error) => setProblem(error.message))
      .finally(() => setBusy(false));
  };
  return { busy, problem, run };
}

/** The time, told every minute. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
