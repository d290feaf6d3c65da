import type { Changes, GatewayVariant, Json, Told } from "./mutant.js";

/** An object with fields of a later version, at every depth. */
function extended(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(extended);
  if (typeof json !== "object" || json === null) return json;
  const fields = Object.entries(json).map(([field, value]) => [field, extended(value)]);
  return { ...Object.fromEntries(fields), of_a_later_version: { and: ["more"] } };
}

/** The text of a turn comes in one piece. */
function coalesced(): Changes {
  return {
    stream: () => {
      let held: Told[] = [];
      return (told) => {
        const { event, data } = told;
        const piece = event === "turn" && (data["type"] === "text" || data["type"] === "thought");
        const [last] = held;
        const same = last?.data["seq"] === data["seq"] && last?.data["type"] === data["type"];
        if (piece && last && same) {
          held = [{ event, data: { ...data, text: `${last.data["text"]}${data["text"]}` } }];
          return [];
        }
        const before = held;
        held = piece ? [told] : [];
        return piece ? before : [...before, told];
      };
    },
  };
}

/** Each letter of a text is a piece. */
function bySmallPieces(): Changes {
  return {
    stream: () => (told) => {
      const { event, data } = told;
      const text = [...String(data["text"] ?? "")];
      if (event !== "turn" || data["type"] !== "text" || text.length > 1_000) return [told];
      return text.map((each) => ({ event, data: { ...data, text: each } }));
    },
  };
}

/** Right gateways that differ from ours in what docs/http-api.md leaves free. */
export const gatewayVariants: GatewayVariant[] = [
  {
    name: "tells a text in one piece, and shows often that the line lives",
    inStreams: true,
    changes: () => ({ ...coalesced(), noise: ": still here\n\n:\n\nid: 7\nretry: 1000\n\n" }),
  },
  {
    name: "tells its snapshot and all events late, a text letter by letter",
    inStreams: true,
    changes: () => ({ ...bySmallPieces(), lateMs: 60 }),
  },
  {
    name: "has fields and events of a later version",
    inStreams: false,
    changes: () => ({
      answer(answered) {
        answered.body = extended(answered.body) as Json;
      },
      stream:
        () =>
        ({ event, data }) => [
          { event: "of_a_later_version", data: {} },
          ...(event === "turn" ? [{ event, data: { seq: data["seq"], type: "later" } }] : []),
          { event, data: extended(data) as Json },
        ],
    }),
  },
];
