namespace Gache.Tool.Locking;

/// <summary>The signals that are sent or passed on, by their numbers, which Linux and macOS share.</summary>
internal static class Signal
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int Terminate = 15;
}
