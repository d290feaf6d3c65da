import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "../core/chat.js";
import { type ChatState, conversation, unseen } from "../core/state.js";
import { Boundary } from "./Boundary.js";
import { copyCode } from "./copy.js";
import { useAction } from "./hooks.js";
import { Icon } from "./icons.js";
import { AsideView, OutgoingView } from "./OutgoingView.js";
import { PlainTurn, TurnView } from "./TurnView.js";

/** So near to the end, in pixels, new text pulls the view along. */
const NEAR = 60;

/** The conversation. Follows its end unless the reader has gone up. */
export function Transcript({ chat, state }: { chat: Chat; state: ChatState }) {
  const area = useRef<HTMLDivElement>(null);
  const height = useRef(0);
  const firstSeq = useRef<number | undefined>(undefined);
  const [following, setFollowing] = useState(true);
  const older = useAction();
  const alive = state.session?.state !== "ended";
  const first = state.turns[0]?.seq;

  const waiting = unseen(state);
  const newest = waiting.at(-1)?.requestId;

  useLayoutEffect(() => {
    if (newest) setFollowing(true);
  }, [newest]);
  const content = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const [element, turns] = [area.current, content.current];
    if (!following || !element || !turns) return;
    // Long texts are drawn piece by piece.
    const grown = new ResizeObserver(() => {
      element.scrollTop = element.scrollHeight;
    });
    grown.observe(turns);
    return () => grown.disconnect();
  }, [following]);
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    const grewAbove =
      firstSeq.current !== undefined && first !== undefined && first < firstSeq.current;
    if (grewAbove && !following) element.scrollTop += element.scrollHeight - height.current;
    else if (following) element.scrollTop = element.scrollHeight;
    height.current = element.scrollHeight;
    firstSeq.current = first;
  });

  const onScroll = () => {
    const element = area.current;
    if (!element) return;
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR);
  };

  return (
    <div class="scroller">
      {/* biome-ignore lint/a11y: only catches the clicks of the buttons within. */}
      <div
        id="chatArea"
        ref={area}
        onScroll={onScroll}
        onClick={copyCode}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard.
        tabIndex={0}
        role="group"
        aria-label="Conversation"
      >
        <div class="column turns" ref={content}>
          {state.hasMore && (
            <button
              type="button"
              class="plain older"
              disabled={older.busy}
              onClick={() => older.run(() => chat.loadOlder())}
            >
              {older.problem ?? "Show earlier messages"}
            </button>
          )}
          {conversation(state).map((one) =>
            "seq" in one ? (
              <Boundary key={one.seq} of={one.state} instead={<PlainTurn turn={one} />}>
                <TurnView turn={one} chat={chat} alive={alive} />
              </Boundary>
            ) : "memory_action" in one ? (
              <AsideView
                key={`aside ${one.request_id}`}
                message={one.message}
                response={one.response}
              />
            ) : (
              <OutgoingView key={one.requestId} message={one} chat={chat} />
            ),
          )}
          {state.session &&
            alive &&
            state.turns.length === 0 &&
            state.asides.length === 0 &&
            waiting.length === 0 && (
              <p class="faint first">Nothing was said yet. Write the first message below.</p>
            )}
        </div>
      </div>
      {!following && (
        <button type="button" class="latest" onClick={() => setFollowing(true)}>
          <Icon name="down" /> Latest
        </button>
      )}
    </div>
  );
}
