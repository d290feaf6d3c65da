/** The words by which amplifier-distro sorts what it remembers; the first of equals wins. */
const WORDS: Record<string, string> = {
  architecture:
    "architecture,design,pattern,module,structure,layer,component,system,interface,abstraction",
  workflow: "workflow,process,step,pipeline,deploy,ci,cd,build,release,sprint",
  preference: "prefer,like,always,never,habit,style,convention,standard,favorite,default",
  environment: "env,environment,setup,install,config,path,variable,os,machine,docker",
  git: "git,commit,branch,merge,rebase,pull request,pr,repo,clone,push",
  research:
    "research,investigate,explore,compare,evaluate,benchmark,study,analysis,finding,learned",
  pattern: "pattern,idiom,recipe,technique,trick,approach,method,strategy,solution,workaround",
  tools: "tool,editor,ide,plugin,extension,cli,command,utility,library,package",
};

const CATEGORIES = Object.entries(WORDS).map(([name, words]) => ({
  name,
  words: words.split(","),
}));

/** Sorts a text: its best category, and tags that are that category and one word of each other. */
export function categorize(text: string): { category: string; tags: string[] } {
  const lower = text.toLowerCase();
  const found = CATEGORIES.map(({ name, words }) => ({
    name,
    words: words.filter((word) => lower.includes(word)),
  }));
  const most = Math.max(...found.map(({ words }) => words.length));
  const category =
    most === 0 ? "general" : (found.find(({ words }) => words.length === most)?.name ?? "general");
  const tags = [category];
  for (const { name, words } of found) {
    const word = name === category ? undefined : words.find((each) => !tags.includes(each));
    if (word !== undefined) tags.push(word);
  }
  return { category, tags };
}
