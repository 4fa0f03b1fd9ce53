// The language of numbers beside texts in the language `texts`, for a reader of the language `reader`: the texts' language,
// in the reader's regional form if it is the same language. src/locale.rs has the same function and says why; the tests of
// both read cases/number-language.json.
export const numberLanguage = (texts, reader) => {
  const primary = (tag) => tag?.split("-")[0].toLowerCase();
  return texts && primary(texts) !== primary(reader) ? texts : reader;
};
