/** Colour and dash of lines that stand for defences: at most six, told apart without colour too. */
export const LINE_LOOKS: readonly { colour: number; dash: number }[] = [
  { colour: 2, dash: 0 },
  { colour: 1, dash: 0 },
  { colour: 3, dash: 1 },
  { colour: 4, dash: 3 },
  { colour: 0, dash: 2 },
  { colour: 5, dash: 1 },
];
