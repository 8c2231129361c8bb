// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

interface Token {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// Sells out of its own stock at a fixed price, and takes its pay out of the caller's allowance, as routers do.
contract Router {
    /// What one base unit is sold for, as a fraction.
    uint256 private immutable NUMERATOR;
    uint256 private immutable DENOMINATOR;

    constructor(uint256 numerator, uint256 denominator) {
        NUMERATOR = numerator;
        DENOMINATOR = denominator;
    }

    function swap(address tokenIn, address tokenOut, uint256 amountIn, uint256 amountOutMin, address to) external {
        uint256 amountOut = (amountIn * NUMERATOR) / DENOMINATOR;
        require(amountOut >= amountOutMin, "price");
        require(Token(tokenIn).transferFrom(msg.sender, address(this), amountIn), "pull");
        require(Token(tokenOut).transfer(to, amountOut), "pay");
    }
}
