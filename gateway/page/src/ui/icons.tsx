/** Line icons on a 20 px grid; the text beside them, or the button's label, says what they mean. */
const PATHS = {
  ask: "M10 2.5a7.5 7.5 0 1 1-3.6 14.1L3 17.5l.9-3.4A7.5 7.5 0 0 1 10 2.5M7.9 8a2.1 2.1 0 1 1 3 1.9c-.6.3-.9.7-.9 1.4M10 13.6v.1",
  arrow: "M10 16V4M5 9l5-5 5 5",
  bridge: "M2 15h16M4 15c0-9 12-9 12 0M7 15v-5.2M10 15V8.6M13 15V9.8",
  cross: "M5 5l10 10M15 5 5 15",
  down: "M10 4v12M5 11l5 5 5-5",
  menu: "M3 6h14M3 10h14M3 14h14",
  plus: "M10 4v12M4 10h12",
  spark: "M10 3v4M10 13v4M3 10h4M13 10h4M5.5 5.5l2 2M12.5 12.5l2 2M14.5 5.5l-2 2M7.5 12.5l-2 2",
  stop: "M6 6h8v8H6z",
  tool: "M12.5 3.5a4 4 0 0 0-4.6 5.4L3.5 13.3a2.2 2.2 0 0 0 3.2 3.2l4.4-4.4a4 4 0 0 0 5.4-4.6l-2.4 2.3-2.6-.7-.7-2.6z",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
