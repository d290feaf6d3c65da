import DOMPurify from "dompurify";

/** All but addresses, which DOMPurify holds to the pattern below. */
const ATTRIBUTES =
  "align aria-label checked class data-copy disabled rel role start tabindex target type".split(
    " ",
  );

/** What an answer may hold; the renderer makes nothing else, and this holds it to that. */
const ALLOWED = {
  ALLOWED_TAGS: [
    ..."a blockquote br button code del div em h3 h4 h5 h6 hr input li ol p pre span strong".split(
      " ",
    ),
    ..."table tbody td th thead tr ul".split(" "),
  ],
  ALLOWED_ATTR: ["href", ...ATTRIBUTES],
  ADD_URI_SAFE_ATTR: ATTRIBUTES,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

/** HTML that may be put into the page; as `TrustedHTML` where the browser has it. */
export function sanitize(html: string): string {
  // The page takes TrustedHTML wherever a string may stand; the DOM's types do not know it.
  return DOMPurify.sanitize(html, { ...ALLOWED, RETURN_TRUSTED_TYPE: true }) as unknown as string;
}
