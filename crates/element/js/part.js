// Scripts that only some elements need. Each is loaded once, when an element first needs it.

// The script that `load` imports.
export const part = (load) => {
  let promise;
  // The hooks of the elements that wait for the script and know of no problem.
  const waiting = new Set();
  return {
    // Resolves to the module, with the functions of loading.js. A problem is an event of each element that waits.
    get({ imported, persist }, hooks) {
      waiting.add(hooks);
      promise ??= persist(
        () => imported(load),
        (problem) => {
          for (const { emit } of waiting) emit("problem", problem);
          waiting.clear();
        },
      );
      return promise;
    },
    // Forgets an element that no longer waits.
    leave: (hooks) => waiting.delete(hooks),
  };
};
