//! The door: the <job-progress> element and its npm package.
